using System.Runtime.InteropServices;
using System.Text;

namespace Prefork.Tool;

/// <summary>
/// How many files this process may have open. .NET opens a file for each of its assemblies as it needs them, and fails somewhere when there are too few: that is looked at
/// before anything else, with as little of .NET as there can be. (.NET has raised the limit as far as it may by then.)
/// </summary>
internal static unsafe partial class OpenFiles
{
    private const int Least = 128;
    private const int LimitOfOpenFiles = 7;

    /// <summary>Whether there are enough; if not, it has been said.</summary>
    internal static bool AreEnough()
    {
        var limit = default(Limit);
        if (GetLimit(LimitOfOpenFiles, &limit) != 0 || limit.Current >= Least)
        {
            return true;
        }

        var text = Encoding.UTF8.GetBytes($"prefork: only {limit.Current} files may be open at once (ulimit -n), and it needs {Least}, for workers more. Raise the limit.\n");
        fixed (byte* bytes = text)
        {
            _ = Write(2, bytes, text.Length);
        }

        return false;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, Limit* limit);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* bytes, nint count);

    /// <summary>struct rlimit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        internal ulong Current;
        internal ulong Most;
    }
}
