# The image of `penstock`; docs/containers.md says how to build, run and pin it.
# bookworm: the Kafka client is linked with this Debian's OpenSSL, zlib and zstd, so both stages must be the same.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
# Without the headers of OpenSSL, zlib or zstd librdkafka compiles all the same, and quietly lacks TLS, gzip or zstd.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends build-essential python3 libssl-dev zlib1g-dev libzstd-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Node's headers are in the image: node-gyp need not fetch them. One compiler at a time is all that node-rdkafka's make can do.
ENV npm_config_nodedir=/usr/local \
    JOBS=1
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY workers workers
RUN npm run build
# What stays of the Kafka client is what it loads; its sources, objects and static libraries are half a gigabyte.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && cd node_modules/node-rdkafka \
  && rm -rf deps src bench e2e examples test ci build/Release/obj.target build/deps/include build/deps/pkgconfig build/deps/share \
  && find build/deps -name '*.a' -delete
COPY LICENSE ./
COPY resource resource
COPY docker/check-client.mjs docker/probe.mjs docker/
# Whatever the umask of the checkout was: everybody may read, only root may write.
RUN chmod -R a+rX,go-w /app

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="penstock" \
      org.opencontainers.image.description="Kafka to DynamoDB and one SQS FIFO queue per client, losing nothing" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# What the Kafka client is linked with, and the authorities it trusts. No package manager is left in what runs.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates libssl3 libstdc++6 libzstd1 zlib1g \
  && rm -rf /var/lib/apt/lists/* \
  && rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
  && groupadd --gid 10001 penstock \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin penstock
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/workers dist/workers
COPY --from=build /app/resource resource
COPY --from=build /app/docker docker
ENV NODE_ENV=production \
    ADMIN_HOST=0.0.0.0
# A number: Kubernetes' runAsNonRoot can not look a name up.
USER 10001:10001
# Fails the build when the Kafka client does not load here, or lacks TLS, SASL or a compression.
RUN ["node", "docker/check-client.mjs"]
EXPOSE 9400
STOPSIGNAL SIGTERM
# /live, not /ready: Swarm and ECS replace an unhealthy container, and a new one does not cure an absent broker or a full queue.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "docker/probe.mjs", "/live"]
ENTRYPOINT ["node", "dist/src/cli/launcher.js"]
CMD ["run", "events"]
