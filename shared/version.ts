import config from "../deno.json" with { type: "json" };

/** The version of this ProxyMQ, as in deno.json. */
export const version: string = config.version;
