/**
 * The value of a metric of a service, the sum of those whose labels match; 0 where there is none.
 * @param url where the service listens.
 */
export async function metric(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  let sum = 0;
  for (const line of text.split("\n")) {
    const [, found, given = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const matches = Object.entries(labels).every(([label, wanted]) =>
      given.includes(`${label}="${wanted}"`)
    );
    if (found === name && matches) sum += Number(value);
  }
  return sum;
}
