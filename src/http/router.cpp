#include "http/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include "http/http_refusal.h"

namespace imp::http {

namespace {

constexpr std::size_t kMethods = static_cast<std::size_t>(Method::other);
/// No path here is deeper; a head full of slashes must not become ten thousands of texts.
constexpr std::ptrdiff_t kSegmentLimit = 256;

/// One segment of a request's path, decoded once.
struct Segment {
  std::string text;
  bool holds_slash = false;  ///< it had %2f
};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);  // "/a/" is "/a"
  if (path.empty()) return parts;
  while (true) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

/// True when a decoded segment would climb when joined to a directory, also behind a %2f.
bool climbs(std::string_view text) {
  while (true) {
    const auto slash = text.find('/');
    const std::string_view part = text.substr(0, slash);
    if (part == "." || part == "..") return true;
    if (slash == std::string_view::npos) return false;
    text.remove_prefix(slash + 1);
  }
}

Result<std::vector<Segment>> decode(std::string_view path) {
  std::vector<Segment> segments;
  if (std::ranges::count(path, '/') > kSegmentLimit) {
    return refuse(HttpRefusal::invalid_path,
                  fmt::format("The path has more than {} segments.", kSegmentLimit));
  }
  for (const std::string_view raw : split(path)) {
    auto text = percent_decode(raw);
    if (!text) {
      return refuse(HttpRefusal::invalid_path, "The path has a malformed percent-encoding.");
    }
    if (text->find('\0') != std::string::npos || !is_utf8(*text)) {
      return refuse(HttpRefusal::invalid_path,
                    "The path decodes to something that is not UTF-8 text.");
    }
    if (climbs(*text)) {
      return refuse(HttpRefusal::invalid_path, "The path has a segment \".\" or \"..\".");
    }
    const bool slash = text->find('/') != std::string::npos;
    segments.push_back({std::move(*text), slash});
  }
  return segments;
}

/// The package name at `at` and how many segments it takes; 0 when there is none.
std::pair<std::string, std::size_t> package_at(const std::vector<Segment>& segments,
                                               std::size_t at) {
  const Segment& first = segments[at];
  const bool last = at + 1 == segments.size();
  if (!first.text.starts_with('@')) {
    // "/-/" introduces the registry's own paths; a package can be called "-" all the same.
    const bool reserved = first.text == "-" && !last;
    if (first.text.empty() || first.holds_slash || reserved) return {};
    return {first.text, 1};
  }
  if (first.holds_slash) {
    const auto slash = first.text.find('/');
    const std::string_view name = std::string_view(first.text).substr(slash + 1);
    if (slash == 1 || name.empty() || name.find('/') != std::string_view::npos) return {};
    return {first.text, 1};
  }
  if (first.text.size() == 1 || last) return {};
  const Segment& second = segments[at + 1];
  if (second.text.empty() || second.holds_slash) return {};
  return {first.text + "/" + second.text, 2};
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> package, name, rest;
  std::array<std::unique_ptr<Route>, kMethods> routes;
};

namespace {

/// The names of a pattern's captures, as views into it, in order.
std::vector<std::string_view> capture_names(std::string_view pattern) {
  std::vector<std::string_view> names;
  for (std::string_view part : split(pattern)) {
    if (!part.starts_with('{')) continue;
    part = part.substr(1, part.size() - 2);
    if (part.ends_with("...")) part.remove_suffix(3);
    names.push_back(part);
  }
  return names;
}

/// Depth-first search in the order of precedence. The first node with a route for the method wins;
/// the others that match only add to the methods allowed.
template <class Node>
struct Search {
  const std::vector<Segment>& segments;
  std::size_t method;  ///< HEAD is looked up as itself, then as GET
  std::vector<std::string> captured;
  std::array<bool, kMethods> allowed{};
  const Router::Route* found = nullptr;

  bool accept(const Node& node) {
    for (std::size_t i = 0; i < kMethods; ++i) allowed[i] = allowed[i] || node.routes[i];
    constexpr auto head = static_cast<std::size_t>(Method::head);
    constexpr auto get = static_cast<std::size_t>(Method::get);
    if (method < kMethods && node.routes[method]) {
      found = node.routes[method].get();
    } else if (method == head && node.routes[get]) {
      found = node.routes[get].get();
    }
    return found != nullptr;
  }

  bool below(const Node& node, std::size_t at, std::string capture) {
    captured.push_back(std::move(capture));
    if (visit(node, at)) return true;
    captured.pop_back();
    return false;
  }

  bool visit(const Node& node, std::size_t at) {
    if (at == segments.size()) return accept(node);
    const Segment& segment = segments[at];
    if (const auto literal = node.literals.find(segment.text); literal != node.literals.end()) {
      if (visit(*literal->second, at + 1)) return true;
    }
    if (segment.text.empty()) return false;
    if (node.package) {
      auto [name, taken] = package_at(segments, at);
      if (taken != 0 && below(*node.package, at + taken, std::move(name))) return true;
    }
    if (node.name && below(*node.name, at + 1, segment.text)) return true;
    if (node.rest) {
      std::string rest = segment.text;
      for (std::size_t i = at + 1; i < segments.size(); ++i) {
        if (segments[i].text.empty()) return false;
        rest += '/';
        rest += segments[i].text;
      }
      if (below(*node.rest, segments.size(), std::move(rest))) return true;
    }
    return false;
  }
};

std::string allow_header(std::array<bool, kMethods> allowed) {
  allowed[static_cast<std::size_t>(Method::head)] |= allowed[static_cast<std::size_t>(Method::get)];
  std::string list;
  for (std::size_t i = 0; i < kMethods; ++i) {
    if (!allowed[i]) continue;
    if (!list.empty()) list += ", ";
    list += name(static_cast<Method>(i));
  }
  return list;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::insert(Method method, std::string_view pattern, Handler handler, SinkFactory sink,
                    RouteOptions options) {
  if (!pattern.starts_with('/') || method == Method::other) {
    throw std::logic_error("not a route pattern: " + std::string(pattern));
  }
  Node* node = root_.get();
  bool ended = false;
  for (const std::string_view part : split(pattern)) {
    if (ended || part.empty()) throw std::logic_error("bad pattern: " + std::string(pattern));
    std::unique_ptr<Node>* next = nullptr;
    if (part == "{package}") {
      next = &node->package;
    } else if (part.starts_with('{') && part.ends_with("...}")) {
      next = &node->rest;
      ended = true;
    } else if (part.starts_with('{') && part.ends_with('}')) {
      next = &node->name;
    } else {
      next = &node->literals[std::string(part)];
    }
    if (!*next) *next = std::make_unique<Node>();
    node = next->get();
  }
  auto& route = node->routes[static_cast<std::size_t>(method)];
  if (route) throw std::logic_error("two routes for " + std::string(pattern));
  route = std::make_unique<Route>(
      Route{std::move(handler), std::move(sink), options, std::string(pattern), {}});
  route->names = capture_names(route->pattern);
}

void Router::add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
  insert(method, pattern, std::move(handler), {}, options);
}

void Router::add_sink(Method method, std::string_view pattern, SinkFactory factory,
                      RouteOptions options) {
  insert(method, pattern, {}, std::move(factory), options);
}

Router::Match Router::match(Request& request) const {
  Match match;
  request.captures.clear();
  const auto segments = decode(request.path());
  if (!segments) {
    match.refusal = segments.error();
    return match;
  }
  Search<Node> search{*segments, static_cast<std::size_t>(request.method), {}, {}, nullptr};
  search.visit(*root_, 0);
  match.allow = allow_header(search.allowed);
  if (search.found) {
    match.route = search.found;
    for (std::size_t i = 0; i < search.captured.size(); ++i) {
      request.captures.emplace_back(search.found->names[i], std::move(search.captured[i]));
    }
    return match;
  }
  if (match.allow.empty()) {
    match.refusal = refuse(HttpRefusal::no_such_route, "There is nothing at this path.").error();
  } else {
    match.refusal = refuse(HttpRefusal::method_not_allowed,
                           "This path does not take that method; it takes " + match.allow + ".")
                        .error();
  }
  return match;
}

}  // namespace imp::http
