// Strangers' bytes and texts in words that can be looked at safely.

/** Control, format and bidi characters and lone surrogates as visible escapes. */
export function visible(text) {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (char) => `\\u{${char.codePointAt(0).toString(16)}}`,
  );
}

/** "10 bytes: 01 02 00 64 …" */
export function bytesInWords(data) {
  const bytes = new Uint8Array(data);
  const shown = hex(bytes.subarray(0, 20)) + (bytes.length > 20 ? " …" : "");
  return `${bytes.length} byte${bytes.length === 1 ? "" : "s"}: ${shown}`;
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
