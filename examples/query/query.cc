// Runs a statement and prints its result: query <host:port> <statement>
#include <cstdlib>
#include <iostream>
#include <string>

#include "e6/client/connection.h"

int main(int argc, char** argv) {
  const std::string target = argc > 1 ? argv[1] : "127.0.0.1:50051";
  const std::string sql = argc > 2 ? argv[2] : "select 1 /* rows=3 cols=10 */";
  try {
    auto options = e6::client::ConnectionOptions::from_environment();
    options.host = target.substr(0, target.rfind(':'));
    options.port = std::atoi(target.substr(target.rfind(':') + 1).c_str());
    options.user = "demo@e6data.com";
    options.password = "demo";

    e6::client::Connection connection(options);
    e6::client::Cursor cursor = connection.cursor();
    cursor.execute(sql);
    for (const e6::client::Row row : cursor.rows()) {
      for (std::size_t i = 0; i < row.size(); ++i)
        std::cout << cursor.columns()[i].name << " = " << row[i].to_string() << '\n';
      std::cout << '\n';
    }
  } catch (const e6::client::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
