using AotTestApp;
using Prefork;

// Published ahead of time and run: the cluster works without a JIT, with sockets and with ASP.NET Core, and the publish has no warning.
return Cluster.IsPrimary ? await Primary.RunAsync() : await Workers.RunAsync();
