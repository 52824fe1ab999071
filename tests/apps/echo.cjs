// Says what it is sent, on its channel, on its input, and on its output.
process.on('message', (message) => {
  console.log('heard', JSON.stringify(message));
  process.send({ type: 'echo:back', data: message });
});
process.stdin.on('data', (text) => console.log('read', String(text).trim()));
process.send({ unheard: 'of' });
console.log('up');
