// `rpm start ecosystem.config.js` starts these; `rpm schema` says what else can be written here.
module.exports = {
  apps: [
    {
      name: "api",
      script: "./server.js",
      // A worker on each CPU; `rpm reload api` replaces them without losing a request.
      instances: "max",
      exec_mode: "cluster",
      max_memory_restart: "500M",
      env: {
        NODE_ENV: "development",
      },
      // Taken with `--env production`.
      env_production: {
        NODE_ENV: "production",
      },
    },
    {
      name: "worker",
      script: "./worker.js",
    },
  ],

  // `rpm deploy production setup` once, then `rpm deploy production`.
  deploy: {
    production: {
      user: "deployer",
      host: "server.example.org",
      ref: "origin/main",
      repo: "git@example.org:team/app.git",
      path: "/srv/app",
      "post-deploy": "npm ci && rpm reload ecosystem.config.js --env production",
    },
  },
};
