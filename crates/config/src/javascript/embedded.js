// The little of Node that a config asks for, for a bare JavaScript engine. The value of this script
// is a function that gets what the engine lends it and what is known of the user, and gives
// `evaluate(path)` (the JSON of what the config exports), and `sourceOf(path)` for `import`.
(native, given) => {
  const parts = (text) => {
    const kept = [];
    for (const part of text.split('/')) {
      if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
      else if (part === '..' && text.startsWith('/')) continue;
      else if (part !== '' && part !== '.') kept.push(part);
    }
    return kept;
  };
  const normalize = (text) => {
    const root = text.startsWith('/') ? '/' : '';
    const kept = parts(text).join('/');
    const end = text.endsWith('/') ? '/' : '';
    return kept === '' ? root || (end ? './' : '.') : root + kept + end;
  };
  const join = (...texts) => normalize(texts.filter((text) => text !== '').join('/'));
  const resolve = (...texts) => {
    let path = '';
    for (const text of [given.cwd, ...texts]) path = text.startsWith('/') ? text : `${path}/${text}`;
    return `/${parts(path).join('/')}`;
  };
  const dirname = (path) => {
    const bare = path.replace(/\/+$/, '');
    const at = bare.lastIndexOf('/');
    if (at > 0) return bare.slice(0, at);
    return path.startsWith('/') ? '/' : '.';
  };
  const basename = (path, end = '') => {
    const name = path.replace(/\/+$/, '').split('/').at(-1);
    return end !== '' && name !== end && name.endsWith(end) ? name.slice(0, -end.length) : name;
  };
  const extname = (path) => /[^.](\.[^.]*)$/.exec(basename(path))?.[1] ?? '';
  const relative = (from, to) => {
    const [a, b] = [parts(resolve(from)), parts(resolve(to))];
    let same = 0;
    while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
    return [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
  };
  const isAbsolute = (path) => path.startsWith('/');
  const path = {
    basename, dirname, extname, isAbsolute, join, normalize, relative, resolve, sep: '/', delimiter: ':',
  };
  path.posix = path;

  const failure = (code, text) => Object.assign(new Error(`${code}: ${text}`), { code });
  const read = (name) => {
    const file = resolve(String(name));
    const text = native.read(file);
    if (text === undefined) throw failure('ENOENT', `no such file, or it cannot be read: '${file}'`);
    return text;
  };
  const fs = {
    existsSync: (name) => native.kind(resolve(String(name))) !== undefined,
    readFileSync: (name, how) => {
      const encoding = typeof how === 'string' ? how : how?.encoding;
      if (encoding === undefined) {
        throw new TypeError("readFileSync needs an encoding here: readFileSync(path, 'utf8')");
      }
      return read(name);
    },
  };

  const cpu = { model: '', speed: 0, times: {} };
  const os = {
    EOL: '\n', arch: () => given.arch, availableParallelism: () => given.cpus,
    cpus: () => Array.from({ length: given.cpus }, () => ({ ...cpu })), homedir: () => given.home,
    hostname: () => given.hostname, platform: () => 'linux', tmpdir: () => given.env.TMPDIR ?? '/tmp',
    userInfo: () => ({ username: given.user, homedir: given.home }),
  };

  const fileURLToPath = (url) => decodeURIComponent(String(url).replace(/^file:\/\//, ''));
  const pathToFileURL = (name) => ({ href: `file://${encodeURI(resolve(name))}`, toString() { return this.href; } });
  const url = { fileURLToPath, pathToFileURL };

  const process = {
    argv: ['rpm', given.path], arch: given.arch, cwd: () => given.cwd, env: { ...given.env },
    exit: (code) => { throw new Error(`the config called process.exit(${code ?? ''})`); },
    platform: 'linux', version: 'v0.0.0', versions: {},
  };
  const builtins = { fs, module: {}, os, path, process, url };

  const silent = () => {};
  globalThis.console = { debug: silent, error: silent, info: silent, log: silent, trace: silent, warn: silent };
  globalThis.process = process;
  globalThis.global = globalThis;

  const loaded = new Map();
  const requireFrom = (base) => {
    const require = (name) => {
      const found = require.resolve(name);
      return found.startsWith('node:') ? builtins[found.slice(5)] : load(found);
    };
    require.resolve = (name) => {
      const found = native.resolve(base, name);
      if (found === undefined) {
        throw Object.assign(new Error(`Cannot find module '${name}' from ${base}`), { code: 'MODULE_NOT_FOUND' });
      }
      return found;
    };
    return require;
  };
  builtins.module.createRequire = (base) => requireFrom(String(base).startsWith('file:') ? fileURLToPath(base) : base);

  const load = (file) => {
    if (loaded.has(file)) return loaded.get(file).exports;
    const module = { exports: {}, filename: file, id: file };
    loaded.set(file, module);
    if (file.endsWith('.json')) {
      module.exports = JSON.parse(read(file));
      return module.exports;
    }
    const require = requireFrom(file);
    module.require = require;
    // On the first line, so that lines keep their numbers.
    const head = '(function (exports, require, module, __filename, __dirname) { ';
    const source = read(file).replace(/^#!/, '//');
    const body = native.compile(`${head}${source}\n})`, file);
    body.call(module.exports, module.exports, require, module, file, dirname(file));
    return module.exports;
  };

  const isModuleText = (text) => /^\s*(import\b(?!\s*\()|export\b)/m.test(text);
  const isModuleFile = (file) =>
    file.endsWith('.mjs') || (file.endsWith('.js') && isModuleText(read(file)));

  const isName = (key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default';
  const sourceOf = (file) => {
    if (isModuleFile(file)) return read(file);
    const value = file.startsWith('node:') ? builtins[file.slice(5)] : load(file);
    const names = value !== null && typeof value === 'object' ? Object.keys(value).filter(isName) : [];
    const from = `globalThis[Symbol.for('rpm')].valueOf(${JSON.stringify(file)})`;
    return [
      `const value = ${from}; export default value;`,
      ...names.map((name, at) => `const v${at} = value.${name}; export { v${at} as ${name} };`),
    ].join('\n');
  };
  const valueOf = (file) => (file.startsWith('node:') ? builtins[file.slice(5)] : load(file));

  const evaluate = async (file) => {
    const value = isModuleFile(file) ? native.bring(file) : load(file);
    const json = JSON.stringify(await settle(value), asJson);
    if (json === undefined) throw new TypeError('the config exports nothing');
    return json;
  };
  Object.defineProperty(globalThis, Symbol.for('rpm'), { value: { evaluate, sourceOf, valueOf } });
  return evaluate;
}
