// ws, from the folder that npm installed it to, and what it is told about permessage-deflate.
import { createRequire } from "node:module";

export const ws = createRequire(process.env.PACKAGES + "/")("ws");

export function deflateOptions(deflate) {
  if (!deflate) return false;
  const bits = deflate.bits ?? undefined;
  return {
    threshold: 0,
    serverNoContextTakeover: !deflate.takeover,
    clientNoContextTakeover: !deflate.takeover,
    ...(bits && { serverMaxWindowBits: bits, clientMaxWindowBits: bits }),
  };
}
