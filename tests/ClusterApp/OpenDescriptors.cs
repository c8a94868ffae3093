using System.Globalization;

namespace ClusterApp;

/// <summary>The descriptors that a process has open, by what they are.</summary>
internal static class OpenDescriptors
{
    /// <summary>Without those that the runtime keeps of each assembly: its code, and its symbols once an asynchronous call of a socket has failed at once, for .NET then writes a stack trace.</summary>
    internal static string[] Of(int pid)
        => [.. Directory.GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd"))
            .Select(entry => new FileInfo(entry).LinkTarget ?? "")
            .Where(target => target.Length > 0 && Path.GetExtension(target) is not (".dll" or ".pdb"))
            .Order(StringComparer.Ordinal)];
}
