#include <cstdio>

int main() {
  std::puts("feedwatch " FEEDWATCH_VERSION);
  return 0;
}
