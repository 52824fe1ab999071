'use strict';
// NestJS without a compiler: decorators are functions.
require('reflect-metadata');
const { Body, Controller, Get, Module, Post } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');

class Pages {
  read() {
    return { pid: process.pid };
  }
  write(body) {
    return body;
  }
}
const method = (name) => Object.getOwnPropertyDescriptor(Pages.prototype, name);
Get()(Pages.prototype, 'read', method('read'));
Post()(Pages.prototype, 'write', method('write'));
Body()(Pages.prototype, 'write', 0);
Reflect.defineMetadata('design:paramtypes', [Object], Pages.prototype, 'write');
Controller()(Pages);
class App {}
Module({ controllers: [Pages] })(App);

(async () => {
  const app = await NestFactory.create(App, { logger: false });
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT));
  process.send('ready');
})();
