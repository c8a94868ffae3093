using Microsoft.Win32.SafeHandles;

namespace ClusterApp;

/// <summary>Takes every descriptor that the process may have, and gives them back.</summary>
internal static class Descriptors
{
    private static readonly List<SafeFileHandle> s_taken = [];

    internal static void Exhaust()
    {
        try
        {
            while (true)
            {
                s_taken.Add(File.OpenHandle("/dev/null"));
            }
        }
        catch (IOException)
        {
            // That was the last.
        }
    }

    internal static void Release()
    {
        s_taken.ForEach(handle => handle.Dispose());
        s_taken.Clear();
    }
}
