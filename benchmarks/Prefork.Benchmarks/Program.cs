using Prefork;
using Prefork.Benchmarks;

switch (args)
{
    case ["handoff", var port, var workers]:
        await RawCluster.RunAsync(int.Parse(port), int.Parse(workers), RawServers.CloseAtOnce);
        return 0;
    case ["spread", var port, var workers]:
        await RawCluster.RunAsync(int.Parse(port), int.Parse(workers), RawServers.TellWorkerId);
        return 0;
    case ["kill", var port, var workers]:
        await RawCluster.RunAsync(int.Parse(port), int.Parse(workers), RawServers.TellReceivedThenAnswer);
        return 0;
    case ["messages", var count, var roundTrips]:
        await (Cluster.Worker is { } worker ? MessagesWorker.RunAsync(worker) : MessagesPrimary.RunAsync(int.Parse(count), int.Parse(roundTrips)));
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: Prefork.Benchmarks handoff|spread|kill PORT WORKERS, or messages COUNT ROUND_TRIPS");
        return 2;
}
