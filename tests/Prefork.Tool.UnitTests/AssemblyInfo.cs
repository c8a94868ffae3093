// Commands write to the console, which is the process's.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
