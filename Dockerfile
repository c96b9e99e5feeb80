# The server with its embedded stores and the web app it serves. TLS ends in front of it (compose.yaml puts Caddy there).

FROM node:24-slim AS web
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig*.json ./
COPY packages packages
COPY apps apps
COPY bench/package.json bench/package.json
COPY sim/package.json sim/package.json
RUN npm ci --omit=dev --ignore-scripts
RUN node node_modules/vite/bin/vite.js build apps/web

FROM node:24-slim AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig*.json ./
COPY packages packages
COPY apps apps
COPY bench/package.json bench/package.json
COPY sim/package.json sim/package.json
# Only what the terminal client and the server in it need: no build tools, no interface libraries.
RUN npm ci --omit=dev --ignore-scripts --workspace @hawser/cli

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /hawser
COPY --from=packages /src ./
COPY --from=web /src/apps/web/dist apps/web/dist
COPY LICENSE ./
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "apps/cli/src/main.ts"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--data", "/data"]
