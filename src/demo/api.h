#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "demo/narrator.h"
#include "demo/outcome.h"
#include "http/client.h"

namespace imp::demo {

/// Somebody with an account on the server.
struct Person {
  std::string name;
  std::string id;
  std::string password;
  std::string token;  ///< a personal access token
};

struct Answer {
  int status = 0;
  std::string text;
  boost::json::value body;  ///< null when the text is no JSON
};

/// The server's HTTP interface, used by a person.
class Api {
 public:
  Api(http::Client& client, Narrator& say, std::string url)
      : client_(client), say_(say), url_(std::move(url)) {}

  /// Sends and tells, whatever the status. `body` null: none. `by` null: without a credential.
  Outcome<Answer> call(const Person* by, std::string_view method, std::string_view path,
                       const boost::json::value& body = nullptr);
  /// The same, and a status other than 2xx is a surprise.
  Outcome<boost::json::value> change(const Person& by, std::string_view method,
                                     std::string_view path,
                                     const boost::json::value& body = nullptr);
  /// GET without telling, for looking again and again; a status other than 200 is a surprise.
  Outcome<boost::json::value> look(const Person& by, std::string_view path);

  const std::string& url() const { return url_; }

 private:
  Outcome<Answer> send(const Person* by, std::string_view method, std::string_view path,
                       const std::string& body);

  http::Client& client_;
  Narrator& say_;
  std::string url_;
};

/// The text at a path such as "vcs_info/vcs_origin" or "items/0/id"; empty when it is absent or
/// no text. Numbers come as their digits.
std::string text_at(const boost::json::value& document, std::string_view path);
/// The list at that path; empty when there is none.
boost::json::array list_at(const boost::json::value& document, std::string_view path);

}  // namespace imp::demo
