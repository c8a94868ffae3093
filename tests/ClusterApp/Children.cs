using System.Diagnostics;

namespace ClusterApp;

/// <summary>A child by the ordinary means of .NET: what it inherits is what leaks.</summary>
internal static class Children
{
    internal static int Start(string file, string arguments) => Process.Start(new ProcessStartInfo(file, arguments))!.Id;
}
