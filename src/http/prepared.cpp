#include "http/prepared.h"

#include <libdeflate.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "http/negotiation.h"
#include "http/page_store.h"
#include "http/response_head.h"

namespace imp::http {

namespace {

/// Below this, copying the bytes into the socket costs less than sending them from a file.
constexpr std::size_t kPagesFrom = 16 * 1024;

/// A strong entity tag: the first 128 bits of SHA-256 over content type, coding and bytes.
std::string entity_tag(std::string_view content_type, std::string_view coding,
                       std::string_view bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const std::string_view part : {content_type, coding, bytes}) {
    // Lengths keep "ab"+"c" and "a"+"bc" apart.
    const std::uint64_t length = part.size();
    EVP_DigestUpdate(context.get(), &length, sizeof length);
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  }
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return "\"" + hex(ByteView(digest.data(), 16)) + "\"";
}

/// The gzip form, or empty when it would not be smaller.
std::string compressed(std::string_view document, int level) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(std::clamp(level, 1, 12)), libdeflate_free_compressor);
  if (!compressor || document.empty()) return {};
  std::string gzip(document.size() - 1, '\0');
  gzip.resize(libdeflate_gzip_compress(compressor.get(), document.data(), document.size(),
                                       gzip.data(), gzip.size()));
  gzip.shrink_to_fit();
  return gzip;
}

std::string head(int status, const PrepareOptions& options, const std::string& etag,
                 std::string_view coding, std::uint64_t length) {
  Headers headers;
  if (status == 200 && !options.content_type.empty()) {
    headers.emplace_back("content-type", options.content_type);
  }
  if (status == 200 && !coding.empty()) headers.emplace_back("content-encoding", coding);
  headers.emplace_back("etag", etag);
  if (!options.cache_control.empty()) headers.emplace_back("cache-control", options.cache_control);
  if (!options.vary.empty()) headers.emplace_back("vary", options.vary);
  headers.insert(headers.end(), options.extra.begin(), options.extra.end());
  std::string head;
  append_status_line(head, status);
  append_headers(head, headers);
  if (status == 200) append_header(head, "content-length", std::to_string(length));
  append_header(head, "x-content-type-options", "nosniff");
  return head += "\r\n";
}

void move_to_pages(PageStore& pages, std::string& bytes, std::optional<FileBody>& file) {
  if (bytes.size() < kPagesFrom) return;
  file = pages.keep(bytes);
  if (file) bytes = std::string();
}

}  // namespace

std::uint64_t Prepared::bytes() const {
  std::uint64_t total = identity.size() + gzip.size() + head_identity.size() + head_gzip.size() +
                        head_304_identity.size() + head_304_gzip.size();
  for (const auto& file : {&identity_file, &gzip_file}) {
    if (*file) total += (*file)->size;
  }
  return total;
}

std::shared_ptr<const Prepared> prepare(std::string document, const PrepareOptions& options) {
  auto prepared = std::make_shared<Prepared>();
  prepared->identity = std::move(document);
  prepared->etag_identity = entity_tag(options.content_type, "", prepared->identity);
  prepared->head_identity =
      head(200, options, prepared->etag_identity, "", prepared->identity.size());
  prepared->head_304_identity = head(304, options, prepared->etag_identity, "", 0);
  if (options.compress) prepared->gzip = compressed(prepared->identity, options.gzip_level);
  if (!prepared->gzip.empty()) {
    prepared->etag_gzip = entity_tag(options.content_type, "gzip", prepared->gzip);
    prepared->head_gzip = head(200, options, prepared->etag_gzip, "gzip", prepared->gzip.size());
    prepared->head_304_gzip = head(304, options, prepared->etag_gzip, "", 0);
  }
  if (options.pages) {
    move_to_pages(*options.pages, prepared->identity, prepared->identity_file);
    move_to_pages(*options.pages, prepared->gzip, prepared->gzip_file);
  }
  return prepared;
}

std::shared_ptr<const Prepared> prepare_file(FileBody file, std::string etag,
                                             const PrepareOptions& options) {
  auto prepared = std::make_shared<Prepared>();
  prepared->etag_identity = std::move(etag);
  prepared->head_identity = head(200, options, prepared->etag_identity, "", file.size);
  prepared->head_304_identity = head(304, options, prepared->etag_identity, "", 0);
  prepared->identity_file = std::move(file);
  return prepared;
}

PreparedChoice choose(const Prepared& prepared, const Request& request) {
  const bool gzip = !prepared.head_gzip.empty() && prefers_gzip(request);
  const bool readable = request.method == Method::get || request.method == Method::head;
  PreparedChoice choice;
  if (readable && none_match_holds(request, gzip ? prepared.etag_gzip : prepared.etag_identity)) {
    choice.head = gzip ? &prepared.head_304_gzip : &prepared.head_304_identity;
    choice.status = 304;
    return choice;
  }
  choice.head = gzip ? &prepared.head_gzip : &prepared.head_identity;
  if (request.method == Method::head) return choice;
  choice.body = gzip ? prepared.gzip : prepared.identity;
  const auto& file = gzip ? prepared.gzip_file : prepared.identity_file;
  if (file) choice.file = &*file;
  return choice;
}

}  // namespace imp::http
