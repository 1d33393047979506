#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "http/response.h"
#include "web/frame/visit.h"

namespace imp::web {

/// A step of the way to a page: "acme" of "acme / contexts".
struct Crumb {
  std::string text;
  std::string link;
};

struct Page {
  std::string title;
  std::string content;  ///< name of the template
  boost::json::object model;
  std::vector<Crumb> trail = {};
  std::vector<std::string> scripts = {};  ///< ES modules of assets/ that this page needs
};

/// The page inside the frame that all pages share. Every model also has "csrf", "signed_in",
/// "path", "public_url", and "waiting" when staged releases wait for the visitor. A refused form
/// shows its refusal at the top and has its status.
http::Response show(const Visit& visit, Page page);

/// A page that says what went wrong.
http::Response show_failure(const Visit& visit, const Failure& failure);

/// Headers that every page has: nothing inline, nothing foreign, no framing.
void add_security_headers(http::Response& response);

/// Where an asset is, with a version of its content in the query, so that it may be kept for ever.
std::string asset_link(std::string_view file);

}  // namespace imp::web
