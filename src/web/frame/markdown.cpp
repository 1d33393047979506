#include "web/frame/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <fmt/format.h>

#include <cctype>
#include <memory>

namespace imp::web {

namespace {

struct FreeParser {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};
struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};
struct FreeText {
  void operator()(char* text) const { cmark_get_default_mem_allocator()->free(text); }
};

std::string heading_text(cmark_node* heading) {
  std::string text;
  for (cmark_node* part = cmark_node_first_child(heading); part; part = cmark_node_next(part)) {
    if (const char* literal = cmark_node_get_literal(part)) text += literal;
  }
  return text;
}

std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') anchor += '-';
    if (byte >= 0x80 || std::isalnum(byte) || c == '_' || c == '-') {
      anchor += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    }
  }
  return anchor;
}

void prepend_anchor(cmark_node* heading, const std::string& anchor) {
  // Letters, digits, '_', '-' and what is beyond ASCII: nothing that HTML would read.
  cmark_node* node = cmark_node_new(CMARK_NODE_CUSTOM_INLINE);
  cmark_node_set_on_enter(node, fmt::format("<a id=\"{}\"></a>", anchor).c_str());
  cmark_node_prepend_child(heading, node);
}

void add_anchors(cmark_node* document) {
  const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(document));
  for (;;) {
    const cmark_event_type event = cmark_iter_next(iterator.get());
    if (event == CMARK_EVENT_DONE) return;
    cmark_node* node = cmark_iter_get_node(iterator.get());
    if (event != CMARK_EVENT_EXIT || cmark_node_get_type(node) != CMARK_NODE_HEADING) continue;
    cmark_node* first = cmark_node_first_child(node);
    const bool code = first && cmark_node_get_type(first) == CMARK_NODE_CODE;
    const std::string whole = anchor_of(heading_text(node));
    const std::string alone = code ? anchor_of(cmark_node_get_literal(first)) : whole;
    prepend_anchor(node, whole);
    if (alone != whole) prepend_anchor(node, alone);
  }
}

}  // namespace

std::string html_of_markdown(std::string_view text) {
  static const bool registered = (cmark_gfm_core_extensions_ensure_registered(), true);
  static_cast<void>(registered);
  const std::unique_ptr<cmark_parser, FreeParser> parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  if (cmark_syntax_extension* table = cmark_find_syntax_extension("table")) {
    cmark_parser_attach_syntax_extension(parser.get(), table);
  }
  cmark_parser_feed(parser.get(), text.data(), text.size());
  const std::unique_ptr<cmark_node, FreeNode> document(cmark_parser_finish(parser.get()));
  add_anchors(document.get());
  const std::unique_ptr<char, FreeText> html(cmark_render_html(
      document.get(), CMARK_OPT_DEFAULT, cmark_parser_get_syntax_extensions(parser.get())));
  return html.get();
}

}  // namespace imp::web
