//! Evaluates configs where there is neither Node nor Bun, by an engine of our own: the language, and
//! the little of Node that configs ask for.

use super::resolve::resolve;
use crate::context::Context;
use camino::Utf8Path;
use rpm_core::spec::Env;
use rquickjs::context::EvalOptions;
use rquickjs::function::Func;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::promise::MaybePromise;
use rquickjs::{CatchResultExt, CaughtError, Ctx, Error, Function, Module, Object, Runtime, Value};
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

const SCRIPT: &str = concat!(include_str!("settle.js"), include_str!("embedded.js"));
/// A config needs no more.
const MEMORY: usize = 256 << 20;
const STACK: usize = 1 << 20;
/// Larger files are not read.
const FILE_MAX: u64 = 32 << 20;

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Failure {
    /// It took too long.
    TimedOut,
    /// It threw something.
    Thrown {
        /// Its name and message.
        what: String,
        /// Where, a line for each call.
        stack: String,
    },
}

/// The JSON of what the file exports.
pub(super) fn evaluate(
    path: &Utf8Path,
    context: &Context,
    env: &Env,
    limit: Duration,
) -> Result<String, Failure> {
    let broken = |error: Error| Failure::Thrown { what: error.to_string(), stack: String::new() };
    let until = Instant::now() + limit;
    let runtime = Runtime::new().map_err(broken)?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > until)));
    runtime.set_loader(Modules, Modules);
    let engine = rquickjs::Context::full(&runtime).map_err(broken)?;
    engine.with(|ctx| {
        let json = run(&ctx, path, context, env).catch(&ctx);
        json.map_err(|error| match error {
            _ if Instant::now() > until => Failure::TimedOut,
            CaughtError::Error(Error::WouldBlock) => Failure::Thrown {
                what: "it waits for something that never comes".to_owned(),
                stack: String::new(),
            },
            CaughtError::Exception(thrown) => {
                Failure::Thrown { what: words(&thrown), stack: thrown.stack().unwrap_or_default() }
            }
            CaughtError::Value(thrown) => Failure::Thrown {
                what: thrown.get().unwrap_or_else(|_| "something that is no error".to_owned()),
                stack: String::new(),
            },
            CaughtError::Error(error) => broken(error),
        })
    })
}

fn run(ctx: &Ctx<'_>, path: &Utf8Path, context: &Context, env: &Env) -> Result<String, Error> {
    let given = json!({
        "path": path, "cwd": context.cwd, "home": context.home, "user": context.user,
        "cpus": context.cpus, "env": env, "arch": arch(), "hostname": rpm_sys::host::name(),
    });
    let native = Object::new(ctx.clone())?;
    native.set("read", Func::from(|path: String| read(&path)))?;
    native.set("kind", Func::from(|path: String| kind(&path)))?;
    native.set("resolve", Func::from(|base: String, name: String| resolve(&base, &name)))?;
    native.set("compile", Func::from(compile))?;
    native.set("bring", Func::from(bring))?;
    let begin: Function<'_> = ctx.eval(SCRIPT)?;
    let evaluate: Function<'_> = begin.call((native, ctx.json_parse(given.to_string())?))?;
    let promise: MaybePromise<'_> = evaluate.call((path.as_str(),))?;
    promise.finish()
}

fn words(thrown: &rquickjs::Exception<'_>) -> String {
    let name: String = thrown.get("name").unwrap_or_else(|_| "Error".to_owned());
    format!("{name}: {}", thrown.message().unwrap_or_default())
}

fn read(path: &str) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    if size > FILE_MAX {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

fn kind(path: &str) -> Option<&'static str> {
    let found = fs::metadata(path).ok()?;
    Some(if found.is_dir() { "folder" } else { "file" })
}

#[expect(clippy::needless_pass_by_value, reason = "what the engine hands over")]
fn compile(ctx: Ctx<'_>, source: String, name: String) -> Result<Value<'_>, Error> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name);
    ctx.eval_with_options(source, options)
}

#[expect(clippy::needless_pass_by_value, reason = "what the engine hands over")]
fn bring(ctx: Ctx<'_>, name: String) -> Result<Value<'_>, Error> {
    Ok(Module::import(&ctx, name)?.into_value())
}

fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Modules, for `import`.
struct Modules;

impl Resolver for Modules {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String, Error> {
        resolve(base, name).ok_or_else(|| Error::new_resolving(base, name))
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>, Error> {
        let source_of: Function<'js> = ctx.eval("globalThis[Symbol.for('rpm')].sourceOf")?;
        let source: String = source_of.call((name,))?;
        let module = Module::declare(ctx.clone(), name, source)?;
        let meta = module.meta()?;
        let path = Utf8Path::new(name);
        meta.set("url", format!("file://{name}"))?;
        meta.set("filename", name)?;
        meta.set("dirname", path.parent().unwrap_or(path).as_str())?;
        Ok(module)
    }
}
