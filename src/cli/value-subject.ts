/** The subject of a topic's values, by Confluent's default (TopicNameStrategy). */
export function valueSubject (topic: string): string {
  return `${topic}-value`
}
