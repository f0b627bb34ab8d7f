--- Names that GQL has for functions of ours, by what they are here.

return {
    cardinality = "size", collect_list = "collect",
    duration_between = "duration.between", element_id = "elementid",
    local_datetime = "localdatetime", local_time = "localtime",
    path_length = "length", percentile_cont = "percentilecont",
    percentile_disc = "percentiledisc", stddev_pop = "stdevp",
    stddev_samp = "stdev", zoned_datetime = "datetime", zoned_time = "time",
}
