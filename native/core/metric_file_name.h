// Which names of a directory are those of metric files, whatever bytes they are: those that
// glob('*.db') matches. Source: prometheus_client multiprocess.py, MultiProcessCollector.collect.
#ifndef PROMFOLD_CORE_METRIC_FILE_NAME_H_
#define PROMFOLD_CORE_METRIC_FILE_NAME_H_

#include <string_view>

namespace promfold {

inline bool IsMetricFileName(std::string_view name) {
  return name.ends_with(".db") && !name.starts_with('.');
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_METRIC_FILE_NAME_H_
