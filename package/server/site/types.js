/** Content types of the files that a site has, as Cloudflare gives them. @type {Record<string, string>} */
const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  mjs: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  ts: "video/mp2t",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
};

/** @param {string} file */
export const typeOf = (file) => TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream";

/** Whether compression makes a type smaller. @param {string} type */
export const isText = (type) => /^text\/|json|xml/.test(type);
