'use strict';
// Tells which options a program that it starts would have.
process.send({ options: process.env.NODE_OPTIONS });
