#include "ci/config/yaml_reader.h"

#include <fmt/format.h>
#include <libfyaml.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "ci/config/tree_builder.h"

namespace imp::ci::config {

namespace {

using Refused = std::optional<Problem>;

template <auto Function>
struct Release {
  void operator()(auto* handle) const { Function(handle); }
};
using Parser = std::unique_ptr<fy_parser, Release<fy_parser_destroy>>;
using Diagnostics = std::unique_ptr<fy_diag, Release<fy_diag_destroy>>;

Problem problem(ConfigRefusal refusal, Position position, std::string message) {
  return {refusal, position.line, position.column, {}, std::move(message)};
}

Problem malformed(fy_diag* diagnostics) {
  void* at = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diagnostics, &at);
  if (!error) return problem(ConfigRefusal::yaml_malformed, {}, "This is not YAML.");
  // libfyaml counts both from 1 here and from 0 in its marks; 0 means that it does not know.
  Position position{static_cast<std::size_t>(std::max(1, error->line)),
                    static_cast<std::size_t>(std::max(1, error->column))};
  const std::string_view message = error->msg ? error->msg : "syntax error";
  // Here it is behind the quote that is not closed.
  const bool behind = message.contains("without closing quote") && position.column > 1;
  if (behind) --position.column;
  return problem(ConfigRefusal::yaml_malformed, position,
                 fmt::format("This is not YAML: {}.", message));
}

/// How many bytes the well-formed character at the start of `text` has; 0 when there is none, and
/// for NUL.
std::size_t character_length(std::string_view text) {
  if (text.starts_with('\0')) return 0;
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

/// Where the first byte stands that is no text.
Position first_bad_byte(std::string_view text) {
  Position position;
  for (std::size_t length = character_length(text); length > 0; length = character_length(text)) {
    if (text.front() == '\n') {
      position = {position.line + 1, 1};
    } else {
      ++position.column;
    }
    text.remove_prefix(length);
  }
  return position;
}

Refused check_bytes(std::string_view text) {
  if (text.size() > max_config_bytes) {
    return problem(ConfigRefusal::config_too_large, {},
                   fmt::format("The file has {} bytes; the limit is {} KiB.", text.size(),
                               max_config_bytes >> 10));
  }
  if (text.contains('\0') || !is_utf8(text)) {
    return problem(ConfigRefusal::yaml_malformed, first_bad_byte(text),
                   "The file is not UTF-8 text.");
  }
  return {};
}

}  // namespace

std::expected<NodePtr, Problem> read_yaml(std::string_view text) {
  if (auto refused = check_bytes(text)) return std::unexpected(std::move(*refused));

  fy_diag_cfg diagnostics_settings;
  fy_diag_cfg_default(&diagnostics_settings);
  diagnostics_settings.fp = nullptr;
  diagnostics_settings.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
  const Diagnostics diagnostics(fy_diag_create(&diagnostics_settings));
  if (!diagnostics) {
    return std::unexpected(problem(ConfigRefusal::config_too_large, {}, "Out of memory."));
  }
  fy_diag_set_collect_errors(diagnostics.get(), true);

  fy_parse_cfg settings{};
  settings.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                                   FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION);
  settings.diag = diagnostics.get();
  const Parser parser(fy_parser_create(&settings));
  if (!parser || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) {
    return std::unexpected(malformed(diagnostics.get()));
  }

  TreeBuilder builder(text);
  while (fy_event* event = fy_parser_parse(parser.get())) {
    Refused refused = builder.take(event);
    fy_parser_event_free(parser.get(), event);
    if (refused) return std::unexpected(std::move(*refused));
  }
  if (fy_parser_get_stream_error(parser.get())) {
    return std::unexpected(malformed(diagnostics.get()));
  }
  if (!builder.root()) {
    return std::unexpected(
        problem(ConfigRefusal::yaml_malformed, {}, "The file holds no configuration."));
  }
  return builder.root();
}

}  // namespace imp::ci::config
