// Packages to publish: tarballs, and the documents that npm sends with them.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

function entry(name, content) {
  const header = Buffer.alloc(512);
  header.write(`package/${name}`, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A tarball with the manifest and one file of that many random bytes, which do not compress. */
export function tarball(manifest, bytes) {
  const archive = Buffer.concat([entry('package.json', Buffer.from(JSON.stringify(manifest, null, 2))),
    entry('data.bin', randomBytes(bytes)), Buffer.alloc(1024)]);
  return gzipSync(archive, { level: 1 });
}

/** What `npm publish` sends for it. */
export function publishDocument(manifest, data) {
  const { name, version } = manifest;
  const file = `${name}-${version}.tgz`;
  return {
    _id: name, name, 'dist-tags': { latest: version }, access: null,
    versions: { [version]: {
      ...manifest, _id: `${name}@${version}`, _nodeVersion: '24.21.0', _npmVersion: '12.2.0',
      dist: {
        integrity: `sha512-${createHash('sha512').update(data).digest('base64')}`,
        shasum: createHash('sha1').update(data).digest('hex'),
        tarball: `http://localhost/${name}/-/${file}`,
      },
    } },
    _attachments: { [file]: { content_type: 'application/octet-stream', data: data.toString('base64'), length: data.length } },
  };
}

/** Ordinary manifests of one package, of about a kilobyte each. */
export const plainManifest = (name, version) => ({
  name, version,
  description: 'Parses, checks and prints the widgets of a workshop, one at a time or all at once',
  main: 'lib/index.js', type: 'module', license: 'Apache-2.0',
  keywords: ['widget', 'workshop', 'parser', 'printer', 'stream'],
  author: { name: 'A. Nonymous', email: 'a.nonymous@example.org' },
  repository: { type: 'git', url: 'git+https://git.example.org/workshop/widget.git' },
  bugs: { url: 'https://git.example.org/workshop/widget/issues' },
  homepage: 'https://git.example.org/workshop/widget#readme',
  engines: { node: '>=20' },
  scripts: { test: 'node --test', build: 'node scripts/build.js', lint: 'eslint .' },
  dependencies: { accepts: '~1.3.8', 'body-parser': '^1.20.3', cookie: '0.7.1', debug: '^4.3.6' },
  devDependencies: { eslint: '^9.1.0', typescript: '^5.6.0' },
});

const registryKeys = ['dist', 'maintainers', 'deprecated', 'readme', 'readmeFilename'];

/** The manifests of express, oldest first: the real ones from the configured registry, or ones of the
 *  same number and size when that cannot be reached. {manifests, source} */
export async function expressManifests() {
  try {
    const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const answer = await fetch(new URL('express', registry), { signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const { versions } = await answer.json();
    // Its oldest versions have numbers that no registry takes any more, such as 1.0.0beta.
    const all = Object.values(versions);
    const manifests = all.filter(({ version }) => /^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version)).map((manifest) => Object.fromEntries(
      Object.entries(manifest).filter(([key]) => !key.startsWith('_') && !registryKeys.includes(key))));
    return { manifests, source: `the real manifests of ${manifests.length} of its ${all.length} versions` };
  } catch (error) {
    const manifests = Array.from({ length: 290 }, (_, i) => {
      const manifest = plainManifest('express', `4.${Math.floor(i / 10)}.${i % 10}`);
      for (let n = 0; n < 24; n++) manifest.dependencies[`generated-dependency-${n}`] = `^${n}.${i}.0`;
      return manifest;
    });
    return { manifests, source: `generated manifests in the shape of express' (${error.message})` };
  }
}
