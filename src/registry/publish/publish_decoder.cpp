#include "registry/publish/publish_decoder.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/clean_text.h"
#include "registry/publish/base64_stream.h"
#include "registry/publish/json_scanner.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

constexpr std::string_view kAttachments = "_attachments";
constexpr std::string_view kProvenanceSuffix = ".sigstore";

Result<json::object> parse(std::string_view text, std::size_t depth) {
  json::parse_options options;
  options.max_depth = depth;
  json::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) {
    return refuse(PublishRefusal::malformed_json, "The document is not valid JSON.",
                  error.message());
  }
  if (!value.is_object()) {
    return refuse(PublishRefusal::bad_field, "The document must be a JSON object.");
  }
  return std::move(value.get_object());
}

std::optional<std::uint64_t> length(const json::object& attachment) {
  const json::value* value = attachment.if_contains("length");
  if (value == nullptr) return std::nullopt;
  if (value->is_int64() && value->get_int64() >= 0) {
    return static_cast<std::uint64_t>(value->get_int64());
  }
  if (value->is_uint64()) return value->get_uint64();
  return std::nullopt;
}

std::unexpected<Failure> bad_attachment(std::string_view key, std::string_view what) {
  return refuse(PublishRefusal::bad_field,
                fmt::format("_attachments[\"{}\"]{}", clean_text(key, 220), what));
}

}  // namespace

struct PublishDecoder::State final : JsonEvents {
  State(TarballSink& sink, const DecodeLimits& limits)
      : sink(sink), limits(limits), scanner(*this, limits.json) {}

  bool wants_stream() override {
    const std::vector<std::string>& path = scanner.path();
    if (path.size() != 3 || path[0] != kAttachments || path[2] != "data" ||
        path[1].ends_with(kProvenanceSuffix)) {
      return false;
    }
    ++tarballs;
    key = path[1];
    return true;
  }

  Result<void> string_piece(std::string_view piece) override {
    if (tarballs > 1) return one_tarball();
    decoded.clear();
    if (!base64.write(piece, decoded)) {
      return refuse(PublishRefusal::bad_base64,
                    fmt::format("The tarball is not valid base64 at its character {}, {}.",
                                base64.position(), scanner.where()));
    }
    size += decoded.size();
    if (size > limits.tarball_bytes) {
      return refuse(PublishRefusal::tarball_too_large,
                    fmt::format("The tarball is larger than the {} bytes that this registry takes.",
                                limits.tarball_bytes));
    }
    sha512.update(decoded);
    sha1.update(decoded);
    return sink.write(decoded);
  }

  Result<void> string_end() override {
    if (tarballs > 1) return one_tarball();
    if (base64.finish()) return {};
    return refuse(PublishRefusal::bad_base64,
                  fmt::format("The tarball's base64 is cut short, {}.", scanner.where()));
  }

  Result<void> text(std::string_view raw) override {
    if (metadata.size() + raw.size() > limits.metadata_bytes) {
      return refuse(
          PublishRefusal::document_too_large,
          fmt::format("The document is larger than {} bytes, not counting the tarball, {}.",
                      limits.metadata_bytes, scanner.where()));
    }
    metadata.append(raw);
    return {};
  }

  std::unexpected<Failure> one_tarball() const {
    return refuse(PublishRefusal::bad_field,
                  fmt::format("A publish has one tarball, but _attachments holds \"{}\" as well.",
                              clean_text(key, 220)));
  }

  Result<void> take_attachments(PublishDocument& document, const json::object& attachments);

  TarballSink& sink;
  DecodeLimits limits;
  JsonScanner scanner;
  std::string metadata;
  int tarballs = 0;
  std::string key;
  Base64Stream base64;
  Bytes decoded;
  std::uint64_t size = 0;
  crypto::Sha512Stream sha512;
  crypto::Sha1Stream sha1;
  std::optional<Failure> failed;
};

Result<void> PublishDecoder::State::take_attachments(PublishDocument& document,
                                                     const json::object& attachments) {
  for (const auto& [name, value] : attachments) {
    const std::string_view key(name);
    if (!value.is_object()) return bad_attachment(key, " must be an object.");
    const json::object& attachment = value.get_object();
    const json::value* data = attachment.if_contains("data");
    if (data == nullptr || !data->is_string()) {
      return bad_attachment(key,
                            ".data must be a string: npm sends the content within the document.");
    }
    if (attachment.contains("length") && !length(attachment)) {
      return bad_attachment(key, ".length must be a whole number.");
    }
    if (key.ends_with(kProvenanceSuffix)) {
      if (document.provenance) return bad_attachment(key, " is a second provenance bundle.");
      const json::value* type = attachment.if_contains("content_type");
      document.provenance = PublishDocument::Provenance{
          std::string(key),
          type != nullptr && type->is_string() ? std::string(type->get_string()) : std::string(),
          length(attachment), std::string(data->get_string())};
    } else {
      document.tarball =
          PublishDocument::Tarball{std::string(key), length(attachment), size, {}, {}};
    }
  }
  if (document.tarball) {
    document.tarball->sha512 = sha512.finish();
    document.tarball->sha1 = sha1.finish();
  }
  return {};
}

PublishDecoder::PublishDecoder(TarballSink& sink, const DecodeLimits& limits)
    : state_(std::make_unique<State>(sink, limits)) {}
PublishDecoder::~PublishDecoder() = default;
PublishDecoder::PublishDecoder(PublishDecoder&&) noexcept = default;

Result<void> PublishDecoder::write(ByteView bytes) {
  if (state_->failed) return std::unexpected(*state_->failed);
  Result<void> written = state_->scanner.write(text_of(bytes));
  if (!written) state_->failed = written.error();
  return written;
}

Result<PublishDocument> PublishDecoder::finish() {
  if (state_->failed) return std::unexpected(*state_->failed);
  if (Result<void> complete = state_->scanner.finish(); !complete) return pass_on(complete);
  Result<json::object> metadata = parse(state_->metadata, state_->limits.json.depth);
  if (!metadata) return pass_on(metadata);
  state_->metadata = std::string();

  PublishDocument document;
  if (const json::value* attachments = metadata->if_contains(kAttachments)) {
    if (!attachments->is_object()) {
      return refuse(PublishRefusal::bad_field, "_attachments must be an object.");
    }
    document.has_attachments = !attachments->get_object().empty();
    if (Result<void> taken = state_->take_attachments(document, attachments->get_object());
        !taken) {
      return pass_on(taken);
    }
    metadata->erase(kAttachments);
  }
  document.metadata = std::move(*metadata);
  return document;
}

}  // namespace imp::registry
