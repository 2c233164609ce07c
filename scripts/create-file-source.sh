#!/bin/sh
# Posts the file source connector to Kafka Connect: from then on each line of the file becomes a record of the topic.
#   scripts/create-file-source.sh /absolute/path/events.txt [http://localhost:8083]
# The path is the one that the Connect worker sees; docker-compose mounts the folder of the events file at /data.
set -eu
file=${1:-/data/events.txt}
connect=${2:-http://localhost:8083}
connector=$(dirname "$0")/../resource/connect/file-source-connector.json

sed "s#\"file\": \".*\"#\"file\": \"$file\"#" "$connector" |
  curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' --data @- "$connect/connectors"
echo
echo "Look at it: curl $connect/connectors/file-source-connector/status"
