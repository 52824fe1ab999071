// What a config's export comes to, and how it becomes JSON. It stands before the scripts that load a
// config.
'use strict';
const isModule = (value) =>
  value && typeof value === 'object' && value.default !== undefined &&
  (value.__esModule || value[Symbol.toStringTag] === 'Module');

const settle = async (value) => {
  for (let step = 0; step < 8; step += 1) {
    value = await value;
    if (isModule(value)) value = value.default;
    else if (typeof value === 'function') value = value();
    else return value;
  }
  return value;
};

const asJson = (key, value) => (typeof value === 'bigint' ? String(value) : value);
