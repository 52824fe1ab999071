'use strict';
// Is ready after DELAY_MS, and says so once.
setTimeout(() => process.send('ready'), Number(process.env.DELAY_MS));
setInterval(() => {}, 1000);
