/** Name and version of an artifact, guessed from the name of its archive. */

/** `Load_Orders-1.10.zip` and `Load_Orders_1.10.zip` are version 1.10 of `Load_Orders`; without a number it is 0.1.0. */
export function guessed(file: string): { name: string; version: string } {
  const base = file.replace(/^.*[\\/]/, '').replace(/\.zip$/i, '');
  const match = /^(.+?)[-_ ]v?(\d+(?:\.\d+){1,3})$/.exec(base);
  return match?.[1] && match[2] ? { name: match[1], version: match[2] } : { name: base, version: '0.1.0' };
}
