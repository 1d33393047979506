#include "web/frame/mustache.h"

#include <boost/json.hpp>
#include <kainjow/mustache.hpp>
#include <stdexcept>

#include "web/frame/embedded_file.h"

namespace imp::web {

namespace {

namespace mustache = kainjow::mustache;

constexpr std::string_view kFolder = "templates/";
constexpr std::string_view kEnding = ".html";

mustache::data data_of(const boost::json::value& value);

mustache::data data_of(const boost::json::object& object) {
  mustache::data data(mustache::data::type::object);
  for (const auto& member : object) data.set(std::string(member.key()), data_of(member.value()));
  return data;
}

mustache::data data_of(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return false;
    case boost::json::kind::bool_:
      return value.get_bool();
    case boost::json::kind::string:
      // The library takes empty text for true.
      if (value.get_string().empty()) return false;
      return std::string(value.get_string());
    case boost::json::kind::object:
      return data_of(value.get_object());
    case boost::json::kind::array: {
      mustache::data list(mustache::data::type::list);
      for (const boost::json::value& item : value.get_array()) list << data_of(item);
      return list;
    }
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return boost::json::serialize(value);
  }
  return false;
}

std::string_view text_of_template(std::string_view name) {
  const auto text = embedded_file(fmt::format("{}{}{}", kFolder, name, kEnding));
  if (!text) throw std::logic_error(fmt::format("there is no template {}", name));
  return *text;
}

}  // namespace

std::string render(std::string_view name, const boost::json::object& model) {
  mustache::data data = data_of(model);
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with("templates/_")) continue;
    std::string_view part = file.name.substr(kFolder.size());
    part.remove_suffix(kEnding.size());
    data.set(std::string(part),
             mustache::partial([text = file.text] { return std::string(text); }));
  }
  mustache::mustache page{std::string(text_of_template(name))};
  std::string text = page.render(data);
  if (!page.is_valid()) {
    throw std::logic_error(fmt::format("template {}: {}", name, page.error_message()));
  }
  return text;
}

}  // namespace imp::web
