// Asio's and Beast's non-template code, once (separate compilation, cmake/feedwatch_dependencies).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
