'use strict';
// Files that are either there whole or not at all.

const fs = require('node:fs/promises');
const path = require('node:path');
const { randomUUID } = require('node:crypto');

/** A name that is safe as a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** Writes a file anew: a reader sees the old one or the new one. */
async function replaceFile(file, text) {
  const temporary = await writeBeside(file, text);
  await fs.rename(temporary, file);
  await syncFolder(path.dirname(file));
}

/** Writes a file unless it is there: `false` when somebody else was first. */
async function createFile(file, text) {
  const temporary = await writeBeside(file, text);
  try {
    await fs.link(temporary, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await fs.unlink(temporary);
  }
}

async function writeBeside(file, text) {
  const temporary = path.join(path.dirname(file), `.${randomUUID()}.part`);
  const handle = await fs.open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}

/** Makes a rename survive a power cut. */
async function syncFolder(folder) {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

module.exports = { NAME, createFile, replaceFile, syncFolder };
