// What a client sends to publish or to stage a small package.
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** A file in a tar archive. */
function entry(path, content) {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A package of a manifest and that many bytes which do not compress. */
function tarball(manifest, bytes) {
  const files = [entry('package/package.json', Buffer.from(JSON.stringify(manifest)))];
  if (bytes) files.push(entry('package/data.bin', randomBytes(bytes)));
  return gzipSync(Buffer.concat([...files, Buffer.alloc(1024)]));
}

/** The body of `PUT /<name>`, of a package with that many bytes beside its manifest. */
export function publishDocument(name, version, bytes = 0) {
  const manifest = { name, version };
  const data = tarball(manifest, bytes);
  const file = `${name}-${version}.tgz`;
  return {
    _id: name, name, 'dist-tags': { latest: version }, access: null,
    versions: { [version]: {
      ...manifest, _id: `${name}@${version}`,
      dist: {
        integrity: `sha512-${createHash('sha512').update(data).digest('base64')}`,
        shasum: createHash('sha1').update(data).digest('hex'),
        tarball: `http://localhost/${name}/-/${file}`,
      },
    } },
    _attachments: { [file]: {
      content_type: 'application/octet-stream', data: data.toString('base64'), length: data.length,
    } },
  };
}
