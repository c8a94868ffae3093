using System.Diagnostics;
using System.Globalization;

namespace Disturbed;

/// <summary>What goes wrong in a worker.</summary>
internal static class Disturbance
{
    private static readonly List<byte[]> s_hoard = [];

    internal static int Slot { get; } = int.Parse(Environment.GetEnvironmentVariable("PREFORK_WORKER_INDEX") ?? "0", CultureInfo.InvariantCulture);

    /// <summary>Slot 0 ends at once while the file that CRASH names is there.</summary>
    internal static void BeforeStart()
    {
        if (Slot == 0 && Environment.GetEnvironmentVariable("CRASH") is { } file && File.Exists(file))
        {
            Environment.Exit(3);
        }
    }

    internal static void Begin(string what)
    {
        switch (what)
        {
            case "exit":
                Environment.Exit(3);
                break;
            case "hang":
                Hang();
                break;
            case "hoard":
                new Thread(Hoard) { IsBackground = true }.Start();
                break;
            case "storm":
                new Thread(Storm) { IsBackground = true }.Start();
                break;
        }
    }

    /// <summary>No thread of the pool ever answers again.</summary>
    private static void Hang()
    {
        ThreadPool.SetMaxThreads(Environment.ProcessorCount, Environment.ProcessorCount);
        for (var i = 0; i < 4 * Environment.ProcessorCount; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static _ => Thread.Sleep(Timeout.Infinite), null);
        }
    }

    /// <summary>200 MiB a second, for ten seconds at most.</summary>
    private static void Hoard()
    {
        for (var i = 0; i < 100; i++)
        {
            var block = new byte[20 << 20];
            Array.Fill(block, (byte)1);
            s_hoard.Add(block);
            Thread.Sleep(100);
        }
    }

    /// <summary>Five times 200 processes that live for a second, as fast as they can be started. STORM names a program like sleep.</summary>
    private static void Storm()
    {
        var program = Environment.GetEnvironmentVariable("STORM")!;
        for (var wave = 0; wave < 5; wave++)
        {
            var children = Enumerable.Range(0, 200).Select(_ => Process.Start(program, "1")).ToList();
            foreach (var child in children)
            {
                child.WaitForExit();
                child.Dispose();
            }
        }
    }
}
