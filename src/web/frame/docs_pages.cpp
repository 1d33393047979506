#include <boost/json.hpp>

#include "web/frame/embedded_file.h"
#include "web/frame/handlers.h"
#include "web/frame/markdown.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::string_view kFolder = "docs/";

/// What stands after the first "# ".
std::string_view title_of(std::string_view text) {
  if (!text.starts_with("# ")) return "Documentation";
  return text.substr(2, text.find('\n') - 2);
}

Result<http::Response> show_docs(const Visit& visit) {
  boost::json::array pages;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with(kFolder)) continue;
    pages.push_back({{"link", fmt::format("/-/{}", file.name)}, {"title", title_of(file.text)}});
  }
  return show(visit, {.title = "Documentation",
                      .content = "docs",
                      .model = {{"index", true}, {"pages", std::move(pages)}}});
}

/// A page under the path that it has in the repository, so that links between pages are the same.
Result<http::Response> show_page(const Visit& visit) {
  const auto text = embedded_file(fmt::format("{}{}", kFolder, visit.param("page")));
  if (!text) return refuse(WebRefusal::page_not_found, "There is no such page of documentation.");
  return show(visit, {.title = std::string(title_of(*text)),
                      .content = "docs",
                      .model = {{"html", html_of_markdown(*text)}}});
}

}  // namespace

void add_docs_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/-/docs", Audience::everyone, show_docs);
  add_page(router, services, "/-/docs/{page...}", Audience::everyone, show_page);
}

}  // namespace imp::web
