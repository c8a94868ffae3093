using ClusterApp;
using Prefork;

// The program that the integration tests drive: a primary that obeys its standard input and tells every event on its standard output,
// and workers that obey the primary's messages. WORKER_KIND=hostile is a worker that never touches the library; "child" as its argument
// makes it what Node's child_process.fork starts.
if (Environment.GetEnvironmentVariable("WORKER_KIND") == "hostile")
{
    HostileWorker.Run(Environment.GetEnvironmentVariable("HOSTILE")!);
}
else if (args is ["child", .. var options])
{
    await new ChildShell().RunAsync(options);
}
else if (Cluster.IsPrimary)
{
    await new PrimaryShell().RunAsync();
}
else
{
    await new WorkerShell().RunAsync();
}
