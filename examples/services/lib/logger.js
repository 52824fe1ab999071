'use strict';
// One line an event, on stdout; warnings and errors on stderr.

const LEVELS = ['debug', 'info', 'warn', 'error'];
const usual = process.env.NODE_ENV === 'development' ? 'debug' : 'info';
const wanted = LEVELS.indexOf(LEVELS.includes(process.env.LOG_LEVEL) ? process.env.LOG_LEVEL : usual);

function logger(service) {
  const at = (level) => (message) => {
    if (LEVELS.indexOf(level) < wanted) return;
    const write = level === 'warn' || level === 'error' ? console.error : console.log;
    write(`${level} ${service} ${message}`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

module.exports = { logger };
