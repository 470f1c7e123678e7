// Writes a brotli neighbour (`name.br`) of each text asset in dist/, which the server hands out to those who accept it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const text = /\.(js|css|svg|json)$/;
let before = 0;
let after = 0;
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !text.test(entry.name) || entry.name === 'manifest.json') continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  if (packed.length >= bytes.length) continue;
  await writeFile(`${path}.br`, packed);
  before += bytes.length;
  after += packed.length;
}
process.stdout.write(`compressed ${Math.round(before / 1000)} kB to ${Math.round(after / 1000)} kB\n`);
