#include "http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace imp::http {
namespace {

Router registry_like() {
  Router router;
  const auto none = [](const Request&) { return Response{}; };
  router.add(Method::get, "/", none);
  router.add(Method::get, "/-/ping", none);
  router.add(Method::post, "/-/v1/login", none);
  router.add(Method::get, "/-/package/{package}/dist-tags", none);
  router.add(Method::put, "/-/package/{package}/dist-tags/{tag}", none);
  router.add(Method::get, "/{package}", none);
  router.add(Method::put, "/{package}", none);
  router.add(Method::get, "/{package}/{version}", none);
  router.add(Method::get, "/{package}/-/{file}", none);
  router.add(Method::get, "/org/{name}", none);
  router.add(Method::del, "/org/{name}/team/{team}", none);
  router.add(Method::get, "/assets/{path...}", none);
  router.add(Method::get, "/assets/app.css", none);
  return router;
}

std::string describe(const Router& router, Method method, std::string target) {
  Request request;
  request.method = method;
  request.target = std::move(target);
  const auto match = router.match(request);
  if (match.route == nullptr) return std::string(match.refusal.code());
  std::string text = match.route->pattern;
  for (const auto& [name, value] : request.captures) text += " " + std::string(name) + "=" + value;
  return text;
}

TEST(Router, MatchesTable) {
  const Router router = registry_like();
  using enum Method;
  const struct {
    Method method;
    const char* target;
    const char* expected;
  } table[] = {
      {get, "/", "/"},
      {get, "/?", "/"},
      {get, "/-/ping", "/-/ping"},
      {get, "/-/ping/", "/-/ping"},         // one trailing slash is ignored
      {get, "/-/ping//", "no_such_route"},  // two are an empty segment
      {get, "/-/ping?x=/../", "/-/ping"},   // the query is no path
      {get, "/%2d/ping", "/-/ping"},        // unreserved characters may be encoded
      {head, "/-/ping", "/-/ping"},
      {get, "/lodash", "/{package} package=lodash"},
      {put, "/lodash", "/{package} package=lodash"},
      {get, "/@s/a", "/{package} package=@s/a"},
      {get, "/@s%2fa", "/{package} package=@s/a"},
      {get, "/@s%2Fa", "/{package} package=@s/a"},
      {get, "/%40s%2fa", "/{package} package=@s/a"},
      {get, "/%40s/a", "/{package} package=@s/a"},
      {get, "/@s/a/1.0.0", "/{package}/{version} package=@s/a version=1.0.0"},
      {get, "/@s%2fa/1.0.0", "/{package}/{version} package=@s/a version=1.0.0"},
      {get, "/a/1.0.0", "/{package}/{version} package=a version=1.0.0"},
      {get, "/a/-/a-1.0.0.tgz", "/{package}/-/{file} package=a file=a-1.0.0.tgz"},
      {get, "/@s/a/-/a-1.0.0.tgz", "/{package}/-/{file} package=@s/a file=a-1.0.0.tgz"},
      {get, "/@s%2fa/-/a-1.0.0.tgz", "/{package}/-/{file} package=@s/a file=a-1.0.0.tgz"},
      {get, "/-/package/@s%2fa/dist-tags", "/-/package/{package}/dist-tags package=@s/a"},
      {get, "/-/package/@s/a/dist-tags", "/-/package/{package}/dist-tags package=@s/a"},
      {put, "/-/package/a/dist-tags/latest",
       "/-/package/{package}/dist-tags/{tag} package=a tag=latest"},
      // Literal beats capture; what has no literal falls through.
      {get, "/org/acme", "/org/{name} name=acme"},
      {get, "/assets/app.css", "/assets/app.css"},
      {get, "/assets/js/a.mjs", "/assets/{path...} path=js/a.mjs"},
      {get, "/assets/js//a.mjs", "no_such_route"},
      // A package called "-" exists; a path below "/-/" is never one of its versions.
      {get, "/-", "/{package} package=-"},
      {get, "/-/unknown", "no_such_route"},
      // Not package names: no name, two slashes, an encoded slash without a scope.
      {get, "/@s", "no_such_route"},
      {get, "/@/a", "no_such_route"},
      {get, "/@s%2f", "no_such_route"},
      {get, "/@s%2fa%2fb", "no_such_route"},
      {get, "/a%2fb", "no_such_route"},
      // Decoded once: the second layer stays text.
      {get, "/a%252fb", "/{package} package=a%2fb"},
      {get, "/%252e%252e", "/{package} package=%2e%2e"},
      // A slash inside a plain capture is kept as what it is.
      {get, "/org/feature%2fx", "/org/{name} name=feature/x"},
      {post, "/-/ping", "method_not_allowed"},
      {del, "/lodash", "method_not_allowed"},
      {other, "/lodash", "method_not_allowed"},
      {get, "/a/b/c/d/e", "no_such_route"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(describe(router, row.method, row.target), row.expected)
        << name(row.method) << " " << row.target;
  }
}

TEST(Router, RefusesHostilePathsTable) {
  const Router router = registry_like();
  const char* table[] = {
      "/..",
      "/.",
      "/assets/../secret",
      "/assets/%2e%2e/secret",
      "/assets/.%2E/secret",
      "/assets/..%2fsecret",  // behind an encoded slash
      "/assets/a%2f..%2f..%2fsecret",
      "/org/%2e",
      "/org/a%00b",      // NUL ends a C string
      "/org/%c0%ae",     // overlong '.'
      "/org/%e0%80%af",  // overlong '/'
      "/org/%ed%a0%80",  // a surrogate
      "/org/%ff",
      "/org/%",
      "/org/%2",
      "/org/%zz",
  };
  for (const char* target : table) {
    EXPECT_EQ(describe(router, Method::get, target), "invalid_path") << target;
  }
}

TEST(Router, NamesTheMethodsAllowed) {
  const Router router = registry_like();
  Request request;
  request.method = Method::patch;
  request.target = "/lodash";
  EXPECT_EQ(router.match(request).allow, "GET, HEAD, PUT");
  request.method = Method::options;
  EXPECT_EQ(router.match(request).allow, "GET, HEAD, PUT");
  request.target = "/-/nothing/here";
  EXPECT_EQ(router.match(request).allow, "");
}

TEST(Router, AMoreGeneralPatternServesTheMethodThatTheSpecificOneLacks) {
  Router router;
  const auto none = [](const Request&) { return Response{}; };
  router.add(Method::get, "/a/b", none);
  router.add(Method::put, "/a/{name}", none);
  EXPECT_EQ(describe(router, Method::put, "/a/b"), "/a/{name} name=b");
  EXPECT_EQ(describe(router, Method::get, "/a/b"), "/a/b");
}

TEST(Router, RefusesBadPatterns) {
  Router router;
  const auto none = [](const Request&) { return Response{}; };
  router.add(Method::get, "/a/{name}", none);
  EXPECT_THROW(router.add(Method::get, "/a/{other}", none), std::logic_error);
  EXPECT_THROW(router.add(Method::get, "a", none), std::logic_error);
  EXPECT_THROW(router.add(Method::get, "/{rest...}/b", none), std::logic_error);
  EXPECT_THROW(router.add(Method::get, "/a//b", none), std::logic_error);
}

TEST(Router, LongHostilePathsAreCheap) {
  const Router router = registry_like();
  std::string target;
  for (int i = 0; i < 20000; ++i) target += "/@s";
  EXPECT_EQ(describe(router, Method::get, target), "invalid_path");
  EXPECT_EQ(describe(router, Method::get, std::string(60'000, '/')), "invalid_path");
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "/a";
  EXPECT_EQ(describe(router, Method::get, "/assets" + deep),
            "/assets/{path...} path=" + deep.substr(1));
}

}  // namespace
}  // namespace imp::http
