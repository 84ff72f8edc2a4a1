import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname ?? ".", "..", "..");

/** The project's own pages. */
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["docs", "deploy", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".md")).map((path) => join(folder, path))
  ),
];

/** The text without code, in which nothing is a link. */
function prose(page: string): string {
  return readFileSync(join(root, page), "utf8").replace(/^```.*?^```/gms, "").replace(
    /`[^`\n]*`/g,
    "",
  );
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8").replace(/^```.*?^```/gms, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N}\- ]/gu, "").replaceAll(" ", "-")
  );
}

/** What a page links to within the project. */
function links(page: string): string[] {
  const text = prose(page);
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)];
  const defined = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...defined].map(([, target = ""]) => target).filter((target) =>
    !/^[a-z]+:/.test(target)
  );
}

Deno.test("every link within the project leads to a page, and to a heading of it", () => {
  const broken: string[] = [];
  let found = 0;
  for (const page of pages) {
    for (const target of links(page)) {
      found++;
      const [path = "", anchor] = target.split("#");
      const to = path === "" ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, to))) broken.push(`${page}: ${target}`);
      else if (anchor && !anchors(to).includes(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(found > 50, `${found} links`);
});

Deno.test("every reference in a page is defined there", () => {
  const missing = pages.flatMap((page) => {
    const text = prose(page);
    const defined = new Set([...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name));
    if (defined.size === 0) return [];
    return [...text.matchAll(/(?<!\])\[([^\]\[]+)\](?![(\[:])/g)].map(([, name]) => name)
      .filter((name) => name !== "x" && name !== " " && !defined.has(name))
      .map((name) => `${page}: [${name}]`);
  });
  assert.deepEqual(missing, []);
});
