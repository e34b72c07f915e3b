# Beckon on plain workerd: no Node.js, no shell, a user of its own, its data in /data.
#   npm run pack && docker build --tag beckon . && docker run --publish 8787:8787 beckon
# Variables and secrets come from the environment (docs/configuration.md). PROXIED=1: a proxy in front says in X-Forwarded-For who asks.
# tests/package/image.mjs builds and runs what is written here, where there is no docker.
FROM node:22-bookworm-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates
WORKDIR /build
COPY dist/beckon-*.tgz ./
RUN npm install --no-audit --no-fund ./beckon-*.tgz
RUN node node_modules/beckon/server/image/image.js /image

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
ENV STUN_URLS=stun:stun.cloudflare.com:3478,stun:stun.l.google.com:19302
EXPOSE 8787
VOLUME /data
# Its databases survive that. Asked nicely, workerd waits until all sockets have ended, which they do not.
STOPSIGNAL SIGKILL
HEALTHCHECK --interval=60s --timeout=10s --start-period=5s CMD ["/beckon/workerd", "test", "/beckon/health.capnp"]
ENTRYPOINT ["/beckon/workerd", "serve", "--import-path=/", "/beckon/beckon.capnp", "config"]
