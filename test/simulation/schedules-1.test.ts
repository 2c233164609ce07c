import { testSchedules } from './test-schedules.js'

testSchedules('The first half of the schedules keeps every promise and comes to rest')
