import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { routePath } from "hono/route";

/** What {@link docsPage} shows. */
export interface DocsPageOptions {
  /** The page's title and heading. */
  readonly title: string;
  /**
   * Where the OpenAPI document is. A relative URL counts from the folder that the page stands in:
   * `openapi.json` is the page's neighbour, behind whatever path prefix.
   */
  readonly openapiUrl: string;
}

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly text: string;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

interface AssetSource {
  readonly type: string;
  readonly load: () => Promise<string>;
}

const javascript = "text/javascript; charset=utf-8";
const css = "text/css; charset=utf-8";

// Swagger UI's stylesheet has its icons as data: URLs; all else comes from this origin.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const initScript = `
const element = document.getElementById("api");
SwaggerUIBundle({
  domNode: element,
  url: new URL(element.dataset.openapi, document.baseURI).href,
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
`.trimStart();

const pageStyle = `
body { margin: 0; background: #fafafa; }
.masthead { background: #16324f; color: #fff; font-family: sans-serif; }
.masthead > div { max-width: 1460px; margin: 0 auto; padding: 20px; box-sizing: border-box; }
.masthead h1 { margin: 0 0 4px; font-size: 24px; }
.masthead p { margin: 0; font-size: 15px; line-height: 1.5; color: #d5e1ec; }
.swagger-ui .info { margin: 32px 0; }
.swagger-ui .scheme-container { background: none; box-shadow: none; padding: 0 0 16px; }
#api noscript { display: block; padding: 20px; font-family: sans-serif; }
`.trimStart();

/**
 * The page that shows an OpenAPI document by Swagger UI, with its assets, to be mounted at any
 * path: `app.route("/docs", docsPage(...))`. Browser and server need nothing from elsewhere.
 *
 * Swagger UI's files are imported from its npm package as text, on first use. Such an import is
 * part of the module graph: it needs no read permission and no path into a package cache, and
 * `deno bundle` and `deno compile --bundle` take the files along.
 */
export function docsPage({ title, openapiUrl }: DocsPageOptions): Hono {
  const assets = new Map<string, () => Promise<Asset>>();
  for (const [name, source] of Object.entries(sources)) {
    assets.set(name, once(() => encode(source)));
  }

  const app = new Hono();
  app.get("/", (c) => {
    const folder = c.req.path.slice(c.req.path.lastIndexOf("/") + 1);
    return c.html(pageHtml(title, openapiUrl, folder), 200, {
      "cache-control": "no-cache",
      "content-security-policy": contentSecurityPolicy,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
  });
  // A parameter with a pattern would take the whole app to a slower router.
  app.get("/*", async (c, next) => {
    const name = c.req.path.slice(routePath(c).length - 1);
    // The page's URLs are made for a path without a slash at its end.
    if (name === "") return c.redirect(`../${c.req.path.split("/").at(-2)}`, 308);
    const asset = await assets.get(name)?.();
    return asset ? assetResponse(asset, c.req.raw.headers) : await next();
  });
  return app;
}

const sources: Readonly<Record<string, AssetSource>> = {
  "init.js": { type: javascript, load: () => Promise.resolve(initScript) },
  "page.css": { type: css, load: () => Promise.resolve(pageStyle) },
  "swagger-ui-bundle.js": {
    type: javascript,
    load: async () =>
      (await import("swagger-ui-dist/swagger-ui-bundle.js", { with: { type: "text" } })).default,
  },
  "swagger-ui.css": {
    type: css,
    load: async () =>
      (await import("swagger-ui-dist/swagger-ui.css", { with: { type: "text" } })).default,
  },
};

function assetResponse({ type, etag, text, gzip }: Asset, request: Headers): Response {
  const headers = new Headers({
    "cache-control": "no-cache",
    "content-type": type,
    etag,
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  });
  if (request.get("if-none-match")?.includes(etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (!/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(request.get("accept-encoding") ?? "")) {
    return new Response(text, { headers });
  }
  headers.set("content-encoding", "gzip");
  return new Response(gzip, { headers });
}

async function encode({ type, load }: AssetSource): Promise<Asset> {
  const text = await load();
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const zipped = new Response(text).body?.pipeThrough(new CompressionStream("gzip"));
  return {
    type,
    etag: `W/"${Buffer.from(hash, 0, 16).toString("hex")}"`,
    text,
    gzip: new Uint8Array(await new Response(zipped).arrayBuffer()),
  };
}

/** Calls it once, and again only after it failed. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () =>
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
}

function pageHtml(title: string, openapiUrl: string, folder: string): string {
  const [name, openapi, here] = [title, openapiUrl, folder].map(escapeHtml);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${here}/swagger-ui.css">
<link rel="stylesheet" href="${here}/page.css">
</head>
<body>
<header class="masthead"><div>
<h1>${name}</h1>
<p>A durable queue in front of any HTTP service, with no code change on either side.</p>
</div></header>
<main id="api" data-openapi="${openapi}"><noscript>This page needs JavaScript.</noscript></main>
<script src="${here}/swagger-ui-bundle.js"></script>
<script src="${here}/init.js"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
