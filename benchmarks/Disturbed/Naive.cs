using System.Globalization;
using Prefork;

namespace Disturbed;

/// <summary>Without a supervisor, what Node's manual shows: a worker that dies is forked again at once.</summary>
internal static class Naive
{
    private static WorkerProcess? s_first;

    internal static async Task<Func<WorkerProcess?>> StartAsync(int workers)
    {
        Cluster.Exited += (_, e) =>
        {
            if (!e.Exit.Asked)
            {
                Fork(e.Worker == Volatile.Read(ref s_first) ? 0 : 1);
            }
        };
        for (var slot = 0; slot < workers; slot++)
        {
            await Fork(slot).WaitForListeningAsync();
        }

        _ = StopAsync();
        return static () => Volatile.Read(ref s_first);
    }

    private static WorkerProcess Fork(int slot)
    {
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PREFORK_WORKER_INDEX"] = slot.ToString(CultureInfo.InvariantCulture) });
        if (slot == 0)
        {
            Volatile.Write(ref s_first, worker);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"forked {slot} {worker.Process.Id}"));
        return worker;
    }

    private static async Task StopAsync()
    {
        await Cluster.WaitForShutdownAsync();
        Environment.Exit(0);
    }
}
