#include "tarball_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "crypto/hash.h"

namespace imp::registry {

void TarBuilder::header(std::string_view path, std::size_t size, char type, std::string_view link) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, path.substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, "00000000000");
  put(148, "        ");
  block[156] = type;
  put(157, link.substr(0, 100));
  put(257, std::string_view("ustar\0"
                            "00",
                            8));
  unsigned sum = 0;
  for (char c : block) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  bytes_ += block;
}

TarBuilder& TarBuilder::add(std::string_view path, std::string_view content, char type,
                            std::string_view link) {
  header(path, content.size(), type, link);
  bytes_ += content;
  bytes_.resize((bytes_.size() + 511) / 512 * 512, '\0');
  return *this;
}

TarBuilder& TarBuilder::zeros(std::string_view path, std::size_t size) {
  return add(path, std::string(size, '\0'));
}

TarBuilder& TarBuilder::pax_path(std::string_view path) {
  // "LENGTH path=VALUE\n", where the length counts itself.
  std::size_t length = path.size() + 7;
  while (fmt::format("{} path={}\n", length, path).size() != length) ++length;
  return add("PaxHeader", fmt::format("{} path={}\n", length, path), 'x');
}

TarBuilder& TarBuilder::end() {
  bytes_.append(1024, '\0');
  return *this;
}

std::string TarBuilder::gzip() const { return registry::gzip(bytes_ + std::string(1024, '\0')); }

std::string gzip(std::string_view bytes) {
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  // The same bytes whenever they are made: a publish is repeated in another second.
  archive_write_set_filter_option(writer, "gzip", "timestamp", nullptr);
  archive_write_set_format_raw(writer);
  archive_write_set_bytes_per_block(writer, 0);
  std::string out;
  archive_write_open(
      writer, &out, nullptr,
      [](archive*, void* to, const void* data, std::size_t size) -> la_ssize_t {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
      },
      nullptr);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  if (archive_write_header(writer, entry) != ARCHIVE_OK) throw std::runtime_error("gzip");
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  return out;
}

std::string package_tarball(std::string_view package_json) {
  return TarBuilder()
      .add("package/package.json", package_json)
      .add("package/index.js", "module.exports = 1\n")
      .gzip();
}

TarballSource source_of(std::string bytes, std::size_t piece) {
  return [bytes = std::move(bytes), at = std::size_t{0},
          piece](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t size = std::min({piece, out.size(), bytes.size() - at});
    std::memcpy(out.data(), bytes.data() + at, size);
    at += size;
    return size;
  };
}

std::string publish_document(std::string_view name, std::string_view version,
                             std::string_view tarball, const DocumentOptions& options) {
  const std::string integrity = "sha512-" + base64(crypto::sha512(bytes_of(tarball)));
  const std::string shasum = hex(crypto::sha1(bytes_of(tarball)));
  return fmt::format(
      R"({{"_id":"{0}","name":"{0}","description":"d","dist-tags":{{"{2}":"{1}"}},)"
      R"("versions":{{"{1}":{{"name":"{0}","version":"{1}","description":"d","_id":"{0}@{1}",)"
      R"("readme":"# hi","readmeFilename":"README.md","_nodeVersion":"22.0.0",)"
      R"("_npmVersion":"12.2.0"{4},"dist":{{"integrity":"{6}","shasum":"{7}",)"
      R"("tarball":"http://localhost:4999/{0}/-/{0}-{1}.tgz"}}}}}},"access":{3}{5},)"
      R"("_attachments":{{"{0}-{1}.tgz":{{"content_type":"application/octet-stream",)"
      R"("data":"{8}","length":{9}}}{10}}}}})",
      name, version, options.tag, options.access, options.extra_manifest, options.extra_top,
      integrity, shasum, base64(bytes_of(tarball)), tarball.size(), options.extra_attachments);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("nothing to replace: " + std::string(from));
  return text.replace(at, from.size(), to);
}

Result<PublishDocument> decode(std::string_view document, TarballSink& sink, std::size_t piece,
                               const DecodeLimits& limits) {
  PublishDecoder decoder(sink, limits);
  for (std::size_t at = 0; at < document.size(); at += piece) {
    const Result<void> written = decoder.write(bytes_of(document.substr(at, piece)));
    if (!written) return pass_on(written);
  }
  return decoder.finish();
}

}  // namespace imp::registry
