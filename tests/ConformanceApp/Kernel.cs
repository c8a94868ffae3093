using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ConformanceApp;

/// <summary>What the kernel says, where no API does.</summary>
internal static class Kernel
{
    /// <summary>The length of a listening socket's queue: ss(8), column Send-Q.</summary>
    internal static int Backlog(int port)
    {
        using var ss = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("ss", ["-Htln", $"sport = :{port}"]) { RedirectStandardOutput = true })!;
        var columns = ss.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ss.WaitForExit();
        return int.Parse(columns[2], CultureInfo.InvariantCulture);
    }

    /// <summary>Takes every descriptor that this process may have; their number is bounded first, so that it takes no time.</summary>
    internal static List<SafeFileHandle> ExhaustDescriptors()
    {
        const int NumberOfFiles = 7;
        ulong[] limits = [256, 256];
        Check.Equal(0, setrlimit(NumberOfFiles, limits));
        var taken = new List<SafeFileHandle>();
        try
        {
            while (true)
            {
                taken.Add(File.OpenHandle("/dev/null"));
            }
        }
        catch (IOException)
        {
            return taken;
        }
    }

    /// <summary>Sends this process a signal that it does not survive.</summary>
    internal static void Raise(Prefork.Signal signal) => Check.Equal(0, kill(Environment.ProcessId, (int)signal));

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);

    [DllImport("libc")]
    private static extern int setrlimit(int resource, ulong[] limits);

    /// <summary>How many descriptors a process has that are sockets.</summary>
    internal static int Sockets(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd")
        .Count(entry => new FileInfo(entry).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) ?? false);
}
